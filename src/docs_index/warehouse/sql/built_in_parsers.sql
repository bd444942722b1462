-- The names that own parsers must not take.
create table built_in_parsers as select unnest($names) as parser
