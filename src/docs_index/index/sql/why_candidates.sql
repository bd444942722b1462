-- Of one attempt, by each join: the candidates that it could have got (`candidate`),
-- and the attempts that could have got it (`question`), each with the rule that
-- decided. Of each kind the chosen and what stood nearest to it, up to a limit, and how
-- many there are. The verdict is always on the candidate of a pair.
with mine as (
    select *
    from link_candidates
    where
        doc_id = :doc_id
        or (
            :doc_id is null
            and doc_id is null
            and source_csv = :source_csv
            and row_index = :row_index
        )
),

pairs as (
    select
        'candidate' as role,
        mine.stream,
        mine.place as question_place,
        mine.chosen_place,
        neighbours.place as candidate_place,
        neighbours.place,
        coalesce(mine.chosen_place, mine.place) as nearest_place
    from mine
    inner join link_candidates as neighbours on mine.stream = neighbours.stream
    where mine.role = 'question' and neighbours.role = 'candidate'
    union all
    select
        'question' as role,
        mine.stream,
        neighbours.place as question_place,
        neighbours.chosen_place,
        mine.place as candidate_place,
        neighbours.place,
        mine.place as nearest_place
    from mine
    inner join link_candidates as neighbours on mine.stream = neighbours.stream
    where mine.role = 'candidate' and neighbours.role = 'question'
),

judged as (
    select
        pairs.role,
        neighbours.link_method,
        neighbours.source_csv,
        neighbours.row_index,
        neighbours.doc_id,
        neighbours.created_at,
        case
            when pairs.candidate_place = pairs.chosen_place
                then
                    case
                        when candidates.doc_id is null then 'chosen_lost'
                        when pairs.chosen_place > pairs.question_place then 'earliest'
                        else 'chosen'
                    end
            when
                pairs.candidate_place > pairs.question_place
                and coalesce(pairs.chosen_place < pairs.question_place, true)
                then 'later'
            when candidates.created_at = chosen.created_at
                then
                    case
                        when candidates.source_csv != chosen.source_csv
                            then 'link_in_tie'
                        else 'lower_row_in_tie'
                    end
            when pairs.candidate_place > pairs.chosen_place then 'not_the_earliest'
            else 'older'
        end as verdict,
        abs(pairs.place - pairs.nearest_place) as distance
    from pairs
    inner join link_candidates as neighbours
        on pairs.stream = neighbours.stream and pairs.place = neighbours.place
    inner join link_candidates as candidates
        on
            pairs.stream = candidates.stream
            and pairs.candidate_place = candidates.place
    left join link_candidates as chosen
        on pairs.stream = chosen.stream and pairs.chosen_place = chosen.place
),

-- Without a choice among candidates, the documents show whose parent it is.
listed as (
    select * from judged
    union all
    select
        'question' as role,
        json_extract(children.meta_small, '$.link_method') as link_method,
        json_extract(children.meta_small, '$.source_csv') as source_csv,
        json_extract(children.meta_small, '$.row_index') as row_index,
        children.doc_id,
        children.created_at,
        case
            when
                json_extract(children.meta_small, '$.link_method')
                not in (select joins.value from json_each(:joins) as joins)
                then 'named'
            when children.created_at < mine.created_at then 'earliest'
            else 'chosen'
        end as verdict,
        0 as distance
    from document_links as links
    inner join documents as children on links.doc_id = children.doc_id
    inner join documents as mine on links.linked_doc_id = mine.doc_id
    where
        links.linked_doc_id = :doc_id
        and children.doc_id not in (
            select judged.doc_id from judged
            where judged.doc_id is not null
        )
),

ranked as (
    select
        *,
        count(*) over (partition by role, link_method) as total,
        sum(verdict in ('chosen', 'chosen_lost', 'earliest', 'named')) over (
            partition by role, link_method
        ) as chosen,
        row_number() over (
            partition by role, link_method
            order by
                verdict in ('chosen', 'chosen_lost', 'earliest', 'named') desc,
                distance asc,
                created_at desc,
                source_csv asc,
                row_index desc
        ) as rank
    from listed
)

select
    ranked.role,
    ranked.link_method,
    ranked.total,
    ranked.chosen,
    ranked.source_csv,
    ranked.row_index,
    coalesce(documents.task_id, bad_generations.task_id) as task_id,
    ranked.created_at,
    ranked.doc_id,
    coalesce(bad_generations.reason, backfill_conflicts.kind) as reason,
    coalesce(bad_generations.detail, backfill_conflicts.detail) as detail,
    ranked.verdict,
    case ranked.verdict
        when 'chosen' then 'chosen'
        when 'chosen_lost' then 'chosen; has no document'
        when 'earliest' then 'chosen: the earliest, as all are later'
        when 'named'
            then
                case ranked.link_method
                    when 'repair' then 'named by a repair'
                    when 'given' then 'named by a program'
                    else 'its record names it'
                end
        when 'later'
            then
                case ranked.link_method
                    when 'timestamp_join' then 'later than the essay'
                    else 'later than the evaluation'
                end
        when 'link_in_tie' then 'a draft wins over a link'
        when 'lower_row_in_tie' then 'the higher row_index wins a tie'
        when 'not_the_earliest' then 'there is an earlier one'
        when 'older' then 'older than the chosen one'
    end as rule
from ranked
left join documents on ranked.doc_id = documents.doc_id
left join backfill_conflicts on ranked.doc_id = backfill_conflicts.doc_id
left join bad_generations
    on
        ranked.doc_id is null
        and ranked.source_csv = bad_generations.source_csv
        and ranked.row_index = bad_generations.row_index
where ranked.rank <= :limit
order by
    ranked.role asc,
    case ranked.link_method
        when 'essay_task_id' then 1
        when 'generation_task_id' then 2
    end asc,
    ranked.link_method asc,
    ranked.created_at desc,
    ranked.rank asc
