-- What makes the build that begins, and whether the last one is the same; one row.
create table this_build (made_by varchar, is_current boolean)
