-- Which account of which environment the rows of a contender belong to.
CREATE TABLE executor_epochs (
    model text PRIMARY KEY,
    epoch text NOT NULL
);
