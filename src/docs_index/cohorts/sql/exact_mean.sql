-- The mean of numbers. Equal numbers have that number as their mean, without an error
-- of rounding, and the sum has a fixed order.
create temp macro exact_mean(number) as case
    when min(number) = max(number) then min(number)
    else avg(number order by number)
end
