-- What a decision was held against, and how near each condition was: a list like its factors.

ALTER TABLE decisions ADD COLUMN checks TEXT NOT NULL DEFAULT '[]';
