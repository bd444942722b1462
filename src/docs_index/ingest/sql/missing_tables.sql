-- The results tables that were not there when the build looked for them.
select path
from build.main.stg_data_root__input_files
where not is_present and path like '7_cross_experiment/%_results.csv'
order by path
