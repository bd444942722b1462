-- The seed of reasons, with what to do about each, in the copy of the index.
create table reasons (
    reason text primary key,
    precedence integer,
    description text,
    remedy text
);
