CREATE TABLE user (
	id CHAR(36) NOT NULL, 
	email VARCHAR(320) NOT NULL, 
	hashed_password VARCHAR(1024) NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	is_superuser BOOLEAN NOT NULL, 
	is_verified BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "user" VALUES('9482a854-2a00-4c70-a99e-ca60a945c401','ada@example.org','$argon2id$v=19$m=65536,t=3,p=4$MiuE6CHcE1G9aQlGojlklg$RNoZ+lYrAgc5yFHzUtlOu6LIw2DUWUd9j1JWCpH4AHo',1,1,1);
INSERT INTO "user" VALUES('9482a854-2a00-4c70-a99e-ca60a945c402','grace@example.org','$2b$08$afTZgOaJBDdKWJIgyeD3eOSC.99YbMiNZMPLQF37kusg8T8wk5QTS',1,0,1);
INSERT INTO "user" VALUES('9482a854-2a00-4c70-a99e-ca60a945c403','ada@example.com','$argon2id$v=19$m=65536,t=3,p=4$/xcuVnz3dP0NrmVzYDShRg$6LjOjpi90p4iPc/IXc0wXvTNEmhrQM5PeTl452x8p4Q',1,0,1);
INSERT INTO "user" VALUES('9482a854-2a00-4c70-a99e-ca60a945c404','off@example.org','$argon2id$v=19$m=65536,t=3,p=4$LP/2WPxByqjhxxkNKfvMrQ$1SKo9D7nWXFLrG6bGT5dgbogMKqbg1pYEa0es56d2v8',0,0,1);
CREATE UNIQUE INDEX ix_user_email ON user (email);
