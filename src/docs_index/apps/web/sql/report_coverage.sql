-- One row per stage, template and model; see the view.
select * from coverage
order by stage, template_id, model_id
