-- One row per file of mlflow that this program cannot read: of a version it does not
-- know. The revision of its schema says what its tables are.
with files as (
    {{ files_of_tool("mlflow") }}
),

revisions as (
    select
        source_csv,
        file,
        max(json_extract_string(row, '$.version_num')) as revision
    from {{ ref("stg_histories__tool_rows") }}
    where tool = 'mlflow' and relation = 'alembic_version' and fault is null
    group by source_csv, file
),

-- Those that have the tables of spans and assessments, in their order.
known as (
    {% for revision in [
        "a1b2c3d4e5f6", "de4033877273", "1a0cddfcaa16", "534353b11cbc", "71994744cf8e",
        "3da73c924c2f", "bf29a5ff90ea", "1bd49d398cd23", "b7c8d9e0f1a2",
        "5d2d30f0abce", "c9d4e5f6a7b8", "2c33131f4dae", "d3e4f5a6b7c8", "d0e1f2a3b4c5",
        "c8d9e0f1a2b3", "1b5f0d9ad7c1", "e1f2a3b4c5d6", "76601a5f987d", "c3d6457b6d8a",
        "a5b4c3d2e1f0", "ae8bbe7743c9", "7d34483879f0", "da6fb0208061", "89d3d66ed43f",
        "b7e4c1a90f23", "a8b9c0d1e2f3", "c1d2e3f4a5b6", "c3d9e7f1a2b4", "6f8d9c3b2a1e",
        "1971f2d9a75b", "17e22815139b", "b7e2c1a4d9f3", "75868b020152", "dc11669786a5"
    ] %}
    select {{ sql_text(revision) }} as revision {{ "union all" if not loop.last }}
    {% endfor %}
),

final as (
    select
        files.source_csv,
        files.file,
        coalesce(
            'schema ' || {{ printable("revisions.revision", 80) }} || '; this program '
            || 'knows those from a1b2c3d4e5f6 on, which has the tables of spans and '
            || 'assessments, to dc11669786a5 of mlflow 3.17.2',
            'no revision of a schema: this is no database of mlflow'
        ) as detail
    from files
    left join revisions
        on files.source_csv = revisions.source_csv and files.file = revisions.file
    left join known on revisions.revision = known.revision
    where known.revision is null
)

select * from final
