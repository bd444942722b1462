-- One row per list of the index (attached as `stored`), with the checksum of its rows.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
-- Of a damaged table, the columns that it has count.
with final as (
    {%- for name in index_lists() %}
    {{
        list_checksum(
            name, "stored." ~ name, "unpack(cast(columns(*) as varchar))"
        )
    }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from final
