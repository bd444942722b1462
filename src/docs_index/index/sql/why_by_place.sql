-- The rejected row at one place of its source. Its detail tells whether the place is of
-- the build that the lists are of.
select * from source_rows
where
    fate = 'bad_row'
    and source_csv = :source_csv
    and row_index = :row_index
    and detail = :detail
