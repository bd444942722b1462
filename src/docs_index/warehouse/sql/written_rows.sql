-- The rows of lines that this program wrote. Every option is set; DuckDB would guess.
create temp macro written_rows(file, types, longest) as table
    select *
    from
        read_csv(
            file,
            columns = types,
            auto_detect = false,
            header = false,
            delim = ',',
            quote = '"',
            escape = '"',
            comment = '',
            new_line = '\n',
            max_line_size = longest
        )
