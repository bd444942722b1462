-- One row per template: how far its judges agree about the essays that two or more of
-- them have scored. A judge's value of an essay is the mean over its replicates.
-- Krippendorff's alpha for interval data is 1 - observed / expected disagreement. Both
-- are mean squared differences of two values: of one essay, and of any two. Sums of
-- squares about the mean give them without forming the pairs.
with given as (
    select
        template_id,
        min(template_order) as template_order,
        count(distinct llm_model_id) filter (where mean is not null) as judges
    from judge_scores
    group by template_id
),

judged as (
    select
        template_id,
        parent_gen_id,
        llm_model_id,
        mean,
        count(*) over (partition by template_id, parent_gen_id) as judges
    from judge_scores
    where mean is not null
),

pairable as (
    select * from judged
    where judges > 1
),

essay_centres as (
    select
        template_id,
        parent_gen_id,
        judges,
        exact_mean(mean) as centre
    from pairable
    group by template_id, parent_gen_id, judges
),

template_centres as (
    select
        template_id,
        count(*) as n,
        exact_mean(mean) as centre
    from pairable
    group by template_id
),

squares as (
    select
        pairable.template_id,
        sum(
            (pairable.mean - essay_centres.centre)
            * (pairable.mean - essay_centres.centre)
            * essay_centres.judges
            / (essay_centres.judges - 1)
            order by pairable.parent_gen_id, pairable.llm_model_id
        ) as within_essays,
        sum(
            (pairable.mean - template_centres.centre)
            * (pairable.mean - template_centres.centre)
            order by pairable.parent_gen_id, pairable.llm_model_id
        ) as in_all
    from pairable
    inner join essay_centres
        on
            pairable.template_id = essay_centres.template_id
            and pairable.parent_gen_id = essay_centres.parent_gen_id
    inner join template_centres on pairable.template_id = template_centres.template_id
    group by pairable.template_id
),

differences as (
    select
        one.template_id,
        count(*) as pairs,
        avg(
            abs(one.mean - other.mean)
            order by one.parent_gen_id, one.llm_model_id, other.llm_model_id
        ) as mean_absolute_difference
    from pairable as one
    inner join pairable as other
        on
            one.template_id = other.template_id
            and one.parent_gen_id = other.parent_gen_id
            and one.llm_model_id < other.llm_model_id
    group by one.template_id
),

shared as (
    select
        template_id,
        count(*) as essays
    from essay_centres
    group by template_id
)

select
    given.template_id as evaluation_template,
    given.judges,
    coalesce(shared.essays, 0) as essays,
    coalesce(differences.pairs, 0) as pairs,
    1
    - (template_centres.n - 1)
    * squares.within_essays
    / nullif(squares.in_all, 0)
    / template_centres.n as alpha,
    differences.mean_absolute_difference,
    case
        when given.judges = 0 then 'no_score'
        when given.judges = 1 then 'one_judge'
        when template_centres.n is null then 'no_essay_in_common'
        when squares.in_all = 0 then 'no_variation'
    end as no_alpha
from given
left join shared on given.template_id = shared.template_id
left join template_centres on given.template_id = template_centres.template_id
left join squares on given.template_id = squares.template_id
left join differences on given.template_id = differences.template_id
order by given.template_order
