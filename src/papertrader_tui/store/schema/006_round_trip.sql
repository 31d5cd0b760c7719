-- What going in and out would have cost, as the decision knew it: its outcome is judged after it.

ALTER TABLE decisions ADD COLUMN round_trip TEXT;
