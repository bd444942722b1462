-- The rows of a CSV file that has been checked, its header first, in their order.
create or replace temp macro csv_rows(file, types, newline, longest, quoted) as table
    select *
    from
        read_csv(
            file,
            columns = types,
            header = false,
            auto_detect = false,
            delim = ',',
            quote = '"',
            escape = '"',
            comment = '',
            new_line = newline,
            max_line_size = longest,
            allow_quoted_nulls = quoted,
            parallel = false,
            hive_partitioning = false,
            compression = 'none'
        )
