-- One row per response file that the last build asked for, folder by folder.
select distinct
    folder,
    path,
    cause,
    signature
from build.main.int_responses__read
order by folder, path
