-- The rejected records of an id, alone or after the name of its source.
select
    bad_generations.source_csv,
    bad_generations.row_index,
    bad_generations.detail
from int_rows__resolved as built
inner join bad_generations
    on
        built.source_csv = bad_generations.source_csv
        and built.row_index = bad_generations.row_index
where
    built.record_key = $name
    or built.record_key = built.source_csv || ':' || $name
order by bad_generations.source_csv, bad_generations.row_index
