-- What going in and out would have cost and what move was expected, as the decision knew it: its
-- outcome is judged by them.

ALTER TABLE decisions ADD COLUMN round_trip TEXT;
ALTER TABLE decisions ADD COLUMN expected_move TEXT;
