-- It has put back what earlier versions had kept aside, and nothing is left of that.
SELECT 1;
