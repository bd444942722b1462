-- One row per file and parser that attempts name; parser is empty without one.
with attempts as (select * from {{ ref("int_attempts__templated") }}),

final as (
    select
        folder,
        response_file as path,
        coalesce(parser, '') as parser
    from attempts
    where response_file is not null
    union
    select
        {{ sql_text(responses_folder()) }} as folder,
        prompt_file as path,
        '' as parser
    from attempts
    where prompt_file is not null
)

select * from final
