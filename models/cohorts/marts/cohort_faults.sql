-- One row per fault that the user must correct before the cohort can be built.
with
{%- for subjects in ["selections", "names", "tables", "essays"] %}
{{ subjects }} as (select * from {{ ref("int_" ~ subjects ~ "__refused") }}),
{% endfor %}
faults as (
    {%- for subjects in ["selections", "names", "tables", "essays"] %}
    select
        kind_order,
        subject_order,
        subject,
        fault
    from {{ subjects }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

final as (
    select
        row_number() over (
            order by kind_order, subject_order, subject, fault
        ) as fault_order,
        subject,
        fault
    from faults
)

select * from final
