-- One row per problem.
create table findings (code varchar, doc_id varchar, path varchar, detail varchar);

-- A sentence with both values of a column, in the index and in metadata.json; null if
-- they are equal.
create macro difference(column_name, in_index, in_file) as
case
    when in_index is distinct from in_file
        then
            column_name || ' is ' || coalesce(left(in_index, 200), 'null')
            || ' in the row, ' || coalesce(left(in_file, 200), 'null') || ' here'
end;
