-- The seed of reasons with their remedies, in the copy of the index.
create table reasons (
    reason text primary key,
    precedence integer,
    description text,
    remedy text
);
