CREATE TABLE "activity" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "encryption" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "activity_task" (
  "activity" TEXT NOT NULL,
  "execution" INTEGER NOT NULL,
  "event" INTEGER NOT NULL,
  "branch" INTEGER NOT NULL,
  "input" TEXT NOT NULL,
  PRIMARY KEY ("activity", "execution", "event")
) WITHOUT ROWID, STRICT;
CREATE TABLE "apigateway_item" (
  "owner" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "document" TEXT NOT NULL,
  PRIMARY KEY ("owner", "kind", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_change_set" (
  "stack" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "status" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "execution" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "changes" TEXT NOT NULL,
  "settings" TEXT NOT NULL,
  PRIMARY KEY ("stack", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_event" (
  "stack" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "event_id" TEXT NOT NULL,
  "at" INTEGER NOT NULL,
  "logical_id" TEXT NOT NULL,
  "physical_id" TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "properties" TEXT NOT NULL,
  "token" TEXT NOT NULL,
  "operation" TEXT NOT NULL,
  PRIMARY KEY ("stack", "number")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_export" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "stack" TEXT NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_import" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "stack" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name", "stack")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_leftover" (
  "stack" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "logical_id" TEXT NOT NULL,
  "snapshot" TEXT NOT NULL,
  "retained" INTEGER NOT NULL,
  "status" TEXT NOT NULL,
  "attempts" INTEGER NOT NULL,
  "token" TEXT NOT NULL,
  PRIMARY KEY ("stack", "number")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_name" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "stack" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_resource" (
  "stack" TEXT NOT NULL,
  "logical_id" TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "physical_id" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "updated_at" INTEGER NOT NULL,
  "properties" TEXT NOT NULL,
  "attributes" TEXT NOT NULL,
  "suffix" TEXT NOT NULL,
  "rules" TEXT NOT NULL,
  "phase" INTEGER NOT NULL,
  "attempt" TEXT NOT NULL,
  "before" TEXT NOT NULL,
  PRIMARY KEY ("stack", "logical_id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_stack" (
  "id" TEXT NOT NULL,
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  "deleted_at" INTEGER NOT NULL,
  "status" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "settled" INTEGER NOT NULL,
  "phase" INTEGER NOT NULL,
  "operation" TEXT NOT NULL,
  "outputs" TEXT NOT NULL,
  "settings" TEXT NOT NULL,
  "parent" TEXT NOT NULL,
  "root" TEXT NOT NULL,
  PRIMARY KEY ("id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_template" (
  "stack" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "body" TEXT NOT NULL,
  "processed" TEXT NOT NULL,
  PRIMARY KEY ("stack", "number")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_version" (
  "stack" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "details" TEXT NOT NULL,
  PRIMARY KEY ("stack", "number")
) WITHOUT ROWID, STRICT;
CREATE TABLE "cloudformation_wait" (
  "token" TEXT NOT NULL,
  "stack" TEXT NOT NULL,
  "logical_id" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "request_id" TEXT NOT NULL,
  "physical_id" TEXT NOT NULL,
  "answers" TEXT NOT NULL,
  "deadline" INTEGER NOT NULL,
  PRIMARY KEY ("token")
) WITHOUT ROWID, STRICT;
CREATE TABLE "delivery" (
  "shard" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  "target" TEXT NOT NULL,
  "delivery" TEXT NOT NULL,
  "made_at" INTEGER NOT NULL,
  "attempts" INTEGER NOT NULL,
  "due_at" INTEGER NOT NULL,
  PRIMARY KEY ("shard", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "dynamodb_abandoned" (
  "node" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  "kind" TEXT NOT NULL,
  PRIMARY KEY ("node", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "dynamodb_entry" (
  "owner" INTEGER NOT NULL,
  "hash" BLOB NOT NULL,
  "range" BLOB NOT NULL,
  "item_hash" BLOB NOT NULL,
  "item_range" BLOB NOT NULL,
  "size" INTEGER NOT NULL,
  "item" BLOB NOT NULL,
  PRIMARY KEY ("owner", "hash", "range", "item_hash", "item_range")
) WITHOUT ROWID, STRICT;
CREATE TABLE "dynamodb_item" (
  "table" INTEGER NOT NULL,
  "hash" BLOB NOT NULL,
  "range" BLOB NOT NULL,
  "size" INTEGER NOT NULL,
  "item" BLOB NOT NULL,
  PRIMARY KEY ("table", "hash", "range")
) WITHOUT ROWID, STRICT;
CREATE TABLE "dynamodb_stream" (
  "scope" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "table_name" TEXT NOT NULL,
  "label" TEXT NOT NULL,
  "view" TEXT NOT NULL,
  "keys" TEXT NOT NULL,
  "shard" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "ended_at" INTEGER NOT NULL,
  "last" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "dynamodb_stream_record" (
  "stream" INTEGER NOT NULL,
  "sequence" INTEGER NOT NULL,
  "at" INTEGER NOT NULL,
  "record" BLOB NOT NULL,
  PRIMARY KEY ("stream", "sequence")
) WITHOUT ROWID, STRICT;
CREATE TABLE "dynamodb_table" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "settings" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "dynamodb_transaction" (
  "scope" TEXT NOT NULL,
  "token" TEXT NOT NULL,
  "request" TEXT NOT NULL,
  "answer" TEXT NOT NULL,
  "expires_at" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "token")
) WITHOUT ROWID, STRICT;
CREATE INDEX "dynamodb_transaction_by_expiry" ON "dynamodb_transaction" ("expires_at");
CREATE TABLE "events_abandoned" (
  "node" INTEGER NOT NULL,
  "archive" INTEGER NOT NULL,
  PRIMARY KEY ("node", "archive")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_archive" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "bus" TEXT NOT NULL,
  "pattern" TEXT,
  "description" TEXT,
  "key" TEXT,
  "retention_days" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "events" INTEGER NOT NULL,
  "bytes" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_archived" (
  "archive" INTEGER NOT NULL,
  "at" INTEGER NOT NULL,
  "sequence" INTEGER NOT NULL,
  "event" TEXT NOT NULL,
  PRIMARY KEY ("archive", "at", "sequence")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_bus" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "attributes" TEXT NOT NULL,
  "policy" TEXT,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_connection" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "uuid" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "description" TEXT,
  "authorization" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "authorized_at" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_destination" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "uuid" TEXT NOT NULL,
  "description" TEXT,
  "connection_arn" TEXT NOT NULL,
  "endpoint" TEXT NOT NULL,
  "method" TEXT NOT NULL,
  "rate" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "modified_at" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_replay" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "archive_name" TEXT NOT NULL,
  "archive" INTEGER NOT NULL,
  "bus" TEXT NOT NULL,
  "rules" TEXT NOT NULL,
  "description" TEXT,
  "state" TEXT NOT NULL,
  "from_at" INTEGER NOT NULL,
  "until_at" INTEGER NOT NULL,
  "at" INTEGER NOT NULL,
  "sequence" INTEGER NOT NULL,
  "replayed" INTEGER NOT NULL,
  "started_at" INTEGER NOT NULL,
  "ended_at" INTEGER,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_rule" (
  "bus" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "pattern" TEXT,
  "schedule" TEXT,
  "state" TEXT NOT NULL,
  "description" TEXT,
  "role_arn" TEXT,
  "tags" TEXT NOT NULL,
  "anchor_at" INTEGER NOT NULL,
  "due_at" INTEGER,
  PRIMARY KEY ("bus", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "events_target" (
  "rule" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "target" TEXT NOT NULL,
  PRIMARY KEY ("rule", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "execution" (
  "id" INTEGER NOT NULL,
  "arn" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "machine" INTEGER NOT NULL,
  "revision" INTEGER NOT NULL,
  "role_arn" TEXT NOT NULL,
  "seed" BLOB NOT NULL,
  "started_at" INTEGER NOT NULL,
  "input" TEXT NOT NULL,
  "status" INTEGER NOT NULL,
  "stopped_at" INTEGER,
  "output" TEXT,
  "error" TEXT,
  "cause" TEXT,
  "extra" TEXT,
  PRIMARY KEY ("id")
) STRICT;
CREATE INDEX "execution_list" ON "execution" ("machine", "status", "id");
CREATE TABLE "execution_child" (
  "parent" INTEGER NOT NULL,
  "event" INTEGER NOT NULL,
  "child" INTEGER NOT NULL,
  PRIMARY KEY ("parent", "event")
) WITHOUT ROWID, STRICT;
CREATE TABLE "execution_event" (
  "execution" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  "body" BLOB NOT NULL,
  "note" TEXT,
  PRIMARY KEY ("execution", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "execution_name" (
  "arn" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  PRIMARY KEY ("arn")
) WITHOUT ROWID, STRICT;
CREATE TABLE "express_start" (
  "shard" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  "arn" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "machine" INTEGER NOT NULL,
  "revision" INTEGER NOT NULL,
  "started_at" INTEGER NOT NULL,
  "input" TEXT NOT NULL,
  "extra" TEXT,
  PRIMARY KEY ("shard", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "iam_access_key" (
  "account" TEXT NOT NULL,
  "user" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "secret" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("account", "user", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "iam_attachment" (
  "account" TEXT NOT NULL,
  "owner" TEXT NOT NULL,
  "arn" TEXT NOT NULL,
  PRIMARY KEY ("account", "owner", "arn")
) WITHOUT ROWID, STRICT;
CREATE TABLE "iam_entity" (
  "account" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "path" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "data" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("account", "kind", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "iam_inline_policy" (
  "account" TEXT NOT NULL,
  "owner" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "document" TEXT NOT NULL,
  PRIMARY KEY ("account", "owner", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "iam_member" (
  "account" TEXT NOT NULL,
  "container" TEXT NOT NULL,
  "member" TEXT NOT NULL,
  PRIMARY KEY ("account", "container", "member")
) WITHOUT ROWID, STRICT;
CREATE TABLE "iam_policy_version" (
  "account" TEXT NOT NULL,
  "policy" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "document" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("account", "policy", "number")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_alias" (
  "function" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "version" TEXT NOT NULL,
  "description" TEXT NOT NULL,
  "routing" TEXT NOT NULL,
  "revision" TEXT NOT NULL,
  PRIMARY KEY ("function", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_attached" (
  "function" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "qualifier" TEXT NOT NULL,
  "text" TEXT NOT NULL,
  PRIMARY KEY ("function", "kind", "qualifier")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_code" (
  "code" INTEGER NOT NULL,
  "part" INTEGER NOT NULL,
  "data" BLOB NOT NULL,
  PRIMARY KEY ("code", "part")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_event" (
  "shard" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  "function" TEXT NOT NULL,
  "qualifier" TEXT NOT NULL,
  "request_id" TEXT NOT NULL,
  "payload" BLOB NOT NULL,
  "client_context" TEXT,
  "made_at" INTEGER NOT NULL,
  "attempts" INTEGER NOT NULL,
  "throttles" INTEGER NOT NULL,
  "due_at" INTEGER NOT NULL,
  PRIMARY KEY ("shard", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_function" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "last_version" INTEGER NOT NULL,
  "reserved" INTEGER,
  "tags" TEXT NOT NULL,
  "extras" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_layer" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "last_version" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_layer_version" (
  "layer" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "code" INTEGER NOT NULL,
  "description" TEXT NOT NULL,
  PRIMARY KEY ("layer", "version")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_mapping" (
  "scope" TEXT NOT NULL,
  "uuid" TEXT NOT NULL,
  "function" TEXT NOT NULL,
  "qualifier" TEXT NOT NULL,
  "source" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "configuration" TEXT NOT NULL,
  PRIMARY KEY ("scope", "uuid")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_position" (
  "mapping" TEXT NOT NULL,
  "shard" TEXT NOT NULL,
  "sequence" TEXT NOT NULL,
  PRIMARY KEY ("mapping", "shard")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lambda_version" (
  "function" TEXT NOT NULL,
  "version" TEXT NOT NULL,
  "code" INTEGER NOT NULL,
  "configuration" TEXT NOT NULL,
  PRIMARY KEY ("function", "version")
) WITHOUT ROWID, STRICT;
CREATE TABLE "lease" (
  "shard" INTEGER NOT NULL,
  "owner" TEXT NOT NULL,
  "epoch" INTEGER NOT NULL,
  "expires_at" INTEGER NOT NULL,
  PRIMARY KEY ("shard")
) STRICT;
CREATE TABLE "logs_abandoned" (
  "shard" INTEGER NOT NULL,
  "group" INTEGER NOT NULL,
  "stream" INTEGER NOT NULL,
  PRIMARY KEY ("shard", "group", "stream")
) WITHOUT ROWID, STRICT;
CREATE TABLE "logs_event" (
  "group" INTEGER NOT NULL,
  "at" INTEGER NOT NULL,
  "sequence" INTEGER NOT NULL,
  "stream" INTEGER NOT NULL,
  "ingested_at" INTEGER NOT NULL,
  "message" TEXT NOT NULL,
  PRIMARY KEY ("group", "at", "sequence")
) WITHOUT ROWID, STRICT;
CREATE INDEX "by_stream" ON "logs_event" ("stream", "at", "sequence");
CREATE TABLE "logs_group" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "retention_days" INTEGER,
  "log_class" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  "protected" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "logs_policy" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "document" TEXT NOT NULL,
  "changed_at" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "logs_stream" (
  "group" INTEGER NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "first_at" INTEGER NOT NULL,
  "last_at" INTEGER NOT NULL,
  "ingested_at" INTEGER NOT NULL,
  PRIMARY KEY ("group", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "logs_subscription" (
  "group" INTEGER NOT NULL,
  "name" TEXT NOT NULL,
  "pattern" TEXT NOT NULL,
  "destination" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "details" TEXT NOT NULL,
  PRIMARY KEY ("group", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "machine" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "type" TEXT NOT NULL,
  "revision" INTEGER NOT NULL,
  "revision_id" TEXT NOT NULL,
  "next_version" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  "status" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "machine_alias" (
  "machine" INTEGER NOT NULL,
  "name" TEXT NOT NULL,
  "description" TEXT,
  "routing" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  PRIMARY KEY ("machine", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "machine_revision" (
  "machine" INTEGER NOT NULL,
  "revision" INTEGER NOT NULL,
  "revision_id" TEXT NOT NULL,
  "arn" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "role_arn" TEXT NOT NULL,
  "definition" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "settings" TEXT NOT NULL,
  PRIMARY KEY ("machine", "revision")
) WITHOUT ROWID, STRICT;
CREATE TABLE "machine_version" (
  "machine" INTEGER NOT NULL,
  "version" INTEGER NOT NULL,
  "revision" INTEGER NOT NULL,
  "revision_id" TEXT NOT NULL,
  "description" TEXT,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("machine", "version")
) WITHOUT ROWID, STRICT;
CREATE TABLE "map_run" (
  "id" INTEGER NOT NULL,
  "arn" TEXT NOT NULL,
  "execution" INTEGER NOT NULL,
  "execution_arn" TEXT NOT NULL,
  "branch" INTEGER NOT NULL,
  "event" INTEGER NOT NULL,
  "machine" INTEGER NOT NULL,
  "revision" INTEGER NOT NULL,
  "label" TEXT NOT NULL,
  "express" INTEGER NOT NULL,
  "started_at" INTEGER NOT NULL,
  "status" INTEGER NOT NULL,
  "open" INTEGER NOT NULL,
  "max_concurrency" INTEGER NOT NULL,
  "tolerated_count" INTEGER,
  "tolerated_percentage" TEXT,
  "items" INTEGER NOT NULL,
  "taken" INTEGER NOT NULL,
  "children" INTEGER NOT NULL,
  "ended" TEXT NOT NULL,
  "stopped_at" INTEGER,
  "error" TEXT,
  "cause" TEXT,
  "redrive_count" INTEGER NOT NULL,
  "redriven_at" INTEGER,
  "redrive_place" TEXT,
  PRIMARY KEY ("id")
) STRICT;
CREATE UNIQUE INDEX "map_run_arn" ON "map_run" ("arn");
CREATE INDEX "map_run_open" ON "map_run" ("open");
CREATE INDEX "map_run_list" ON "map_run" ("execution");
CREATE TABLE "map_run_items" (
  "run" INTEGER NOT NULL,
  "page" INTEGER NOT NULL,
  "body" BLOB NOT NULL,
  PRIMARY KEY ("run", "page")
) WITHOUT ROWID, STRICT;
CREATE TABLE "outbox" (
  "shard" INTEGER NOT NULL,
  "execution" INTEGER NOT NULL,
  "event" INTEGER NOT NULL,
  "branch" INTEGER NOT NULL,
  "request" TEXT NOT NULL,
  PRIMARY KEY ("shard", "execution", "event")
) WITHOUT ROWID, STRICT;
CREATE TABLE "pipes_pipe" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "source" TEXT NOT NULL,
  "target" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "settings" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "pipes_position" (
  "pipe" INTEGER NOT NULL,
  "shard" INTEGER NOT NULL,
  "sequence" INTEGER NOT NULL,
  PRIMARY KEY ("pipe", "shard")
) WITHOUT ROWID, STRICT;
CREATE TABLE "s3_bucket" (
  "name" TEXT NOT NULL,
  "scope" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "versioning" TEXT NOT NULL,
  "settings" TEXT NOT NULL,
  PRIMARY KEY ("name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "s3_chunk" (
  "blob" INTEGER NOT NULL,
  "number" INTEGER NOT NULL,
  "data" BLOB NOT NULL,
  PRIMARY KEY ("blob", "number")
) WITHOUT ROWID, STRICT;
CREATE TABLE "s3_object" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "sequence" INTEGER NOT NULL,
  "version" TEXT NOT NULL,
  "is_marker" INTEGER NOT NULL,
  "size" INTEGER NOT NULL,
  "etag" TEXT NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "blobs" TEXT NOT NULL,
  "headers" TEXT NOT NULL,
  "metadata" TEXT NOT NULL,
  "checksums" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("bucket", "key")
) WITHOUT ROWID, STRICT;
CREATE TABLE "s3_part" (
  "upload" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "blob" INTEGER NOT NULL,
  "size" INTEGER NOT NULL,
  "etag" TEXT NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "checksums" TEXT NOT NULL,
  PRIMARY KEY ("upload", "number")
) WITHOUT ROWID, STRICT;
CREATE TABLE "s3_upload" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "upload" TEXT NOT NULL,
  "initiated_at" INTEGER NOT NULL,
  "headers" TEXT NOT NULL,
  "metadata" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  "algorithm" TEXT NOT NULL,
  "checksum_type" TEXT NOT NULL,
  PRIMARY KEY ("bucket", "key", "upload")
) WITHOUT ROWID, STRICT;
CREATE TABLE "s3_version" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "sequence" INTEGER NOT NULL,
  "version" TEXT NOT NULL,
  "is_marker" INTEGER NOT NULL,
  "size" INTEGER NOT NULL,
  "etag" TEXT NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "blobs" TEXT NOT NULL,
  "headers" TEXT NOT NULL,
  "metadata" TEXT NOT NULL,
  "checksums" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("bucket", "key", "sequence")
) WITHOUT ROWID, STRICT;
CREATE TABLE "scheduler_group" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "tags" TEXT NOT NULL,
  "client_token" TEXT,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "scheduler_schedule" (
  "group_path" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "expression" TEXT NOT NULL,
  "zone" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "start_at" INTEGER,
  "end_at" INTEGER,
  "window_minutes" INTEGER NOT NULL,
  "completion" TEXT NOT NULL,
  "description" TEXT,
  "key_arn" TEXT,
  "target" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "client_token" TEXT,
  "anchor_at" INTEGER NOT NULL,
  "due_at" INTEGER,
  "fire_at" INTEGER,
  PRIMARY KEY ("group_path", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "secretsmanager_secret" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "suffix" TEXT NOT NULL,
  "description" TEXT NOT NULL,
  "kms_key" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  "policy" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "changed_at" INTEGER NOT NULL,
  "accessed_at" INTEGER NOT NULL,
  "deleted_at" INTEGER NOT NULL,
  "purge_at" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "secretsmanager_version" (
  "secret" TEXT NOT NULL,
  "version_id" TEXT NOT NULL,
  "text" TEXT,
  "binary" TEXT,
  "stages" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "accessed_at" INTEGER NOT NULL,
  PRIMARY KEY ("secret", "version_id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sns_published" (
  "topic_arn" TEXT NOT NULL,
  "identity" TEXT NOT NULL,
  "message_id" TEXT NOT NULL,
  "sequence" INTEGER NOT NULL,
  "expires_at" INTEGER NOT NULL,
  PRIMARY KEY ("topic_arn", "identity")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sns_subscription" (
  "topic_arn" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "owner" TEXT NOT NULL,
  "protocol" TEXT NOT NULL,
  "endpoint" TEXT NOT NULL,
  "confirmed" INTEGER NOT NULL,
  "token" TEXT NOT NULL,
  "authenticated" INTEGER NOT NULL,
  "attributes" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("topic_arn", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sns_topic" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "attributes" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  "unsubscribed" INTEGER NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sqs_abandoned" (
  "node" INTEGER NOT NULL,
  "box" INTEGER NOT NULL,
  "queue" INTEGER NOT NULL,
  PRIMARY KEY ("node", "box")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sqs_deduplication" (
  "queue" INTEGER NOT NULL,
  "identity" TEXT NOT NULL,
  "message_id" TEXT NOT NULL,
  "sequence" INTEGER NOT NULL,
  "expires_at" INTEGER NOT NULL,
  PRIMARY KEY ("queue", "identity")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sqs_message" (
  "box" INTEGER NOT NULL,
  "sequence" INTEGER NOT NULL,
  "message_id" TEXT NOT NULL,
  "body" TEXT NOT NULL,
  "attributes" BLOB,
  "sender" TEXT NOT NULL,
  "sent_at" INTEGER NOT NULL,
  "message_group" TEXT,
  "deduplication" TEXT,
  "trace" TEXT,
  "source_arn" TEXT,
  "earlier_receives" INTEGER NOT NULL,
  "visible_at" INTEGER NOT NULL,
  "receive_count" INTEGER NOT NULL,
  "first_received_at" INTEGER NOT NULL,
  "received_at" INTEGER NOT NULL,
  "receipt" INTEGER NOT NULL,
  PRIMARY KEY ("box", "sequence")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sqs_move_task" (
  "queue" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  "task_id" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "destination_arn" TEXT,
  "rate" INTEGER,
  "moved" INTEGER NOT NULL,
  "to_move" INTEGER NOT NULL,
  "started_at" INTEGER NOT NULL,
  "failure" TEXT,
  PRIMARY KEY ("queue", "id")
) WITHOUT ROWID, STRICT;
CREATE TABLE "sqs_queue" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "id" INTEGER NOT NULL,
  "box" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "purged_at" INTEGER NOT NULL,
  "attributes" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "ssm_parameter" (
  "scope" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("scope", "name")
) WITHOUT ROWID, STRICT;
CREATE TABLE "ssm_version" (
  "parameter" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "type" TEXT NOT NULL,
  "value" TEXT NOT NULL,
  "description" TEXT NOT NULL,
  "allowed_pattern" TEXT NOT NULL,
  "key_id" TEXT NOT NULL,
  "tier" TEXT NOT NULL,
  "data_type" TEXT NOT NULL,
  "labels" TEXT NOT NULL,
  "modified_at" INTEGER NOT NULL,
  "modified_by" TEXT NOT NULL,
  PRIMARY KEY ("parameter", "version")
) WITHOUT ROWID, STRICT;
CREATE TABLE "states_tags" (
  "arn" TEXT NOT NULL,
  "tags" TEXT NOT NULL,
  PRIMARY KEY ("arn")
) WITHOUT ROWID, STRICT;
CREATE TABLE "task_token" (
  "execution" INTEGER NOT NULL,
  "event" INTEGER NOT NULL,
  "arn" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "attempt" INTEGER NOT NULL,
  "resource" TEXT NOT NULL,
  "opened_at" INTEGER NOT NULL,
  "deadline_at" INTEGER,
  "heartbeat_seconds" INTEGER,
  "beaten_at" INTEGER,
  "beats" INTEGER NOT NULL,
  "closed_at" INTEGER,
  "reason" TEXT,
  "request_id" TEXT,
  PRIMARY KEY ("execution", "event")
) WITHOUT ROWID, STRICT;
CREATE TABLE "timer" (
  "shard" INTEGER NOT NULL,
  "execution" INTEGER NOT NULL,
  "branch" INTEGER NOT NULL,
  "kind" TEXT NOT NULL,
  "due_at" INTEGER NOT NULL,
  "event" INTEGER NOT NULL,
  PRIMARY KEY ("shard", "execution", "branch", "kind")
) WITHOUT ROWID, STRICT;
CREATE INDEX "timer_due" ON "timer" ("shard", "due_at");
