-- One row per row of the four tables, with the path of its response file.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

final as (
    select
        write_order,
        source_csv,
        row_index,
        row_key,
        task_id,
        combo_id,
        model_id,
        occurred_at,
        stage,
        reason,
        response_file,
        parsed_from,
        parsed_bytes,
        case source_csv
            when 'evaluation' then {{ sql_text(evaluation_root()) }}
            else {{ sql_text(responses_folder()) }}
        end as root_folder,
        case
            -- A longer path cannot be opened, and normalizing takes quadratic time.
            when length(response_file) <= 4096
                then {{ normalized_path("response_file") }}
        end as path
    from resolved
    where record_number is null
)

select * from final
