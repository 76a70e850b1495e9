<?php
// A webhook receiver: keeps a table of message statuses, as the MySQL sample of Fonnte's documentation does.
//
//     php -S 127.0.0.1:9000 examples/receiver.php
//
// Needs PHP 8 with pdo_sqlite. Set `webhookstatus` (and `webhookconnect`) of a device to http://127.0.0.1:9000/.
// REPORTS names the database (default: reports.db); with WEBHOOK_SECRET set (`whsec_…`) only signed calls are
// believed. What to copy into a program of your own is said in receiver.py beside this file; this does the same.

const OLDEST_S = 300;
const TABLES = "
CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report (
  id INTEGER UNIQUE, device TEXT, target TEXT, message TEXT, status TEXT, state TEXT, stateid TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS device_status (device TEXT, status TEXT, reason TEXT, timestamp INTEGER);
";

function is_signed(string $body, string $secret): bool
{
    $event = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $stamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($stamp) || abs(time() - (int) $stamp) > OLDEST_S) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $right = 'v1,' . base64_encode(hash_hmac('sha256', "$event.$stamp.$body", $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $told) {
        if (hash_equals($right, $told)) {
            return true;
        }
    }
    return false;
}

// the three cases of Fonnte's sample, and the device's status
function store(PDO $database, array $data): void
{
    $id = $data['id'] ?? null;
    $stateid = $data['stateid'] ?? null;
    $status = $data['status'] ?? null;
    $state = $data['state'] ?? null;
    $device = $data['device'] ?? null;
    if (isset($id)) {
        // a message that another program sent is not in the table yet
        $database->prepare('INSERT OR IGNORE INTO report (id, device) VALUES (?, ?)')->execute([$id, $device]);
    }
    if (isset($id) && isset($stateid)) {
        $database->prepare('UPDATE report SET status = ?, state = ?, stateid = ? WHERE id = ?')
            ->execute([$status, $state, $stateid, $id]);
    } elseif (isset($id)) {
        $database->prepare('UPDATE report SET status = ? WHERE id = ?')->execute([$status, $id]);
    } elseif (isset($stateid)) {
        $database->prepare('UPDATE report SET state = ? WHERE stateid = ?')->execute([$state, $stateid]);
    } else {
        $database->prepare('INSERT INTO device_status VALUES (?, ?, ?, ?)')
            ->execute([$device, $status, $data['reason'] ?? null, $data['timestamp'] ?? null]);
    }
}

function receive(): int
{
    $body = file_get_contents('php://input');
    $secret = getenv('WEBHOOK_SECRET') ?: '';
    if ($secret !== '' && !is_signed($body, $secret)) {
        return 401;
    }
    $data = json_decode($body, true);
    if (!is_array($data)) {
        return 400;
    }
    $database = new PDO('sqlite:' . (getenv('REPORTS') ?: 'reports.db'));
    $database->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
    $database->exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL;' . TABLES);
    $database->exec('BEGIN IMMEDIATE');
    $seen = $database->prepare('INSERT OR IGNORE INTO seen (webhook_id, at) VALUES (?, ?)');
    $seen->execute([$_SERVER['HTTP_WEBHOOK_ID'] ?? hash('sha256', $body), time()]);
    if ($seen->rowCount() > 0) {
        store($database, $data);
    }
    $database->exec('COMMIT');
    return 200; // only now: whatever was not answered with 200 comes again
}

http_response_code($_SERVER['REQUEST_METHOD'] === 'POST' ? receive() : 405);
