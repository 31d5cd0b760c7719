-- What sandwiches took is a cost of its own; and what everything held would bring if it were sold.

ALTER TABLE fills ADD COLUMN mev TEXT NOT NULL DEFAULT '0';
ALTER TABLE positions ADD COLUMN mev TEXT NOT NULL DEFAULT '0';
ALTER TABLE equity ADD COLUMN mev TEXT NOT NULL DEFAULT '0';
ALTER TABLE equity ADD COLUMN liquidation TEXT;
INSERT INTO balances (account, amount) SELECT 'mev', '0' WHERE EXISTS (SELECT 1 FROM balances);
