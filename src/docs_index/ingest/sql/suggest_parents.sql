-- Drafts that could be the parent of an essay without one, each with its evidence: of
-- the same combo and another model, of both but just after the essay, or with a text
-- that the essay's prompt holds.

-- One row per combo, model and instant: the draft or link document that wins a tie.
create table drafts as
select
    row_key,
    combo_id,
    model_id,
    occurred_at
from source_rows
where reason is null and stage = 'draft'
qualify row_number() over (
    partition by combo_id, model_id, occurred_at
    order by source_csv, row_index desc
) = 1;

-- One row per combo and model, of those that wrote last: a combo may have thousands.
create table models as
select
    combo_id,
    model_id
from drafts
group by combo_id, model_id
qualify row_number() over (
    partition by combo_id
    order by max(occurred_at) desc, model_id
) <= {most_of_a_key};

-- One row per draft text and the longest of its lines, where few share that line.
create table longest_lines as
select
    row_key,
    text,
    line
from (
    select
        row_key,
        trim(replace(text, chr(13), ''), chr(32) || chr(9) || chr(10)) as text,
        list_sort(
            list_transform(
                string_split(replace(text, chr(13), ''), chr(10)),
                lambda line: (length(line), line)
            ),
            'desc'
        )[1][2] as line
    from draft_texts
)
where length(line) >= {shortest_line}
qualify count(*) over (partition by line) <= {most_of_a_key};

create table parents as
with by_line as (
    select distinct
        write_order,
        unnest(string_split(replace(text, chr(13), ''), chr(10))) as line
    from prompts
),

held as (
    select
        by_line.write_order,
        longest_lines.row_key,
        0.95 as confidence,
        'its text stands in the prompt of the essay' as evidence
    from by_line
    inner join longest_lines on by_line.line = longest_lines.line
    inner join prompts on by_line.write_order = prompts.write_order
    where contains(replace(prompts.text, chr(13), ''), longest_lines.text)
),

-- Essays, and each other model of their combo.
others as (
    select
        essays.write_order,
        essays.combo_id,
        models.model_id,
        essays.occurred_at
    from sought_parents as essays
    inner join models
        on
            essays.combo_id = models.combo_id
            and essays.model_id != models.model_id
),

before_by_others as (
    select
        others.write_order,
        drafts.row_key,
        0.5 - 0.05 * least(
            row_number() over (
                partition by others.write_order
                order by drafts.occurred_at desc, drafts.model_id
            ) - 1,
            4
        ) as confidence,
        'the latest of the combo by ' || drafts.model_id || ' before the essay'
            as evidence
    from others
    asof join drafts
        on
            others.combo_id = drafts.combo_id
            and others.model_id = drafts.model_id
            and others.occurred_at >= drafts.occurred_at
),

after_by_others as (
    select
        others.write_order,
        drafts.row_key,
        0.25 as confidence,
        'the first of the combo by ' || drafts.model_id || ' after the essay'
            as evidence
    from others
    asof join drafts
        on
            others.combo_id = drafts.combo_id
            and others.model_id = drafts.model_id
            and others.occurred_at < drafts.occurred_at
),

after as (
    select
        essays.write_order,
        drafts.row_key,
        case
            when drafts.occurred_at - essays.occurred_at <= interval 1 hour then 0.8
            when drafts.occurred_at - essays.occurred_at <= interval 1 day then 0.6
            else 0.3
        end as confidence,
        'the first of the combo and model after the essay, by '
        || (drafts.occurred_at - essays.occurred_at) as evidence
    from sought_parents as essays
    asof join drafts
        on
            essays.combo_id = drafts.combo_id
            and essays.model_id = drafts.model_id
            and essays.occurred_at < drafts.occurred_at
),

every_one as (
    select * from held
    union all
    select * from before_by_others
    union all
    select * from after_by_others
    union all
    select * from after
)

select
    write_order,
    row_key,
    max(confidence) as confidence,
    string_agg(evidence, '; ' order by confidence desc, evidence) as evidence
from every_one
group by write_order, row_key;
