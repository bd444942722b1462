-- One row per list of the index (attached as `stored`), with the checksum of its rows.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
with final as (
    {%- for name in index_lists() %}
    {{ list_checksum(name, "stored." ~ name) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from final
