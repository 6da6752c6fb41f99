CREATE INDEX "ix_{prefix}changes_created_at" ON "{prefix}changes" (created_at);
UPDATE "{prefix}doorward_version" SET version_num = '0017';
