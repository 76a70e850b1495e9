<?php
// A webhook receiver: keeps a table of message statuses and answers what people write, as the samples of Fonnte's
// documentation do.
//
//     php -S 127.0.0.1:9000 examples/receiver.php
//
// Needs PHP 8 with pdo_sqlite. Set `webhook` and `webhookstatus` (and `webhookconnect`) of a device to
// http://127.0.0.1:9000/. With GATEWAY_URL and GATEWAY_TOKEN (the device's) set it answers.
// REPORTS names the database (default: reports.db); with WEBHOOK_SECRET set (`whsec_…`) only signed calls are
// believed. What to copy into a program of your own is said in receiver.py beside this file; this does the same.

const OLDEST_S = 300;
const TABLES = "
CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report (
  id INTEGER UNIQUE, device TEXT, target TEXT, message TEXT, status TEXT, state TEXT, stateid TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS device_status (device TEXT, status TEXT, reason TEXT, timestamp INTEGER);
CREATE TABLE IF NOT EXISTS incoming (device TEXT, sender TEXT, member TEXT, name TEXT, message TEXT, url TEXT);
";
const REPLIES = ['test' => 'working great!'];
const SORRY = "Sorry, I don't understand. Please use one of the following keywords:\n\nTest";

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

// what to answer; nothing in a group, to a status, or when we are told of something else
function reply_to(array $data): string
{
    if (!isset($data['sender']) || !empty($data['isgroup']) || str_contains($data['sender'], '@')) {
        return '';
    }
    return REPLIES[strtolower(trim($data['message'] ?? ''))] ?? SORRY;
}

// answers the sender, quoting the message; false when the gateway cannot be reached. The event's id is the key: an
// event that comes again, because we crashed before it was stored, sends no second answer
function send(array $data, string $reply, string $event): bool
{
    $fields = ['target' => $data['sender'], 'message' => $reply];
    if (!empty($data['inboxid'])) {
        $fields['inboxid'] = $data['inboxid'];
    }
    $answer = @file_get_contents(getenv('GATEWAY_URL') . '/send', false, stream_context_create(['http' => [
        'method' => 'POST',
        'header' => [
            'Authorization: ' . getenv('GATEWAY_TOKEN'),
            'Content-Type: application/x-www-form-urlencoded',
            "Idempotency-Key: $event",
        ],
        'content' => http_build_query($fields),
        'timeout' => 10,
    ]]));
    if ($answer === false) {
        return false;
    }
    $result = json_decode($answer, true);
    if (empty($result['status'])) {
        error_log('not sent: ' . ($result['reason'] ?? $answer));
    }
    return true;
}

// a message that came, or the three cases of Fonnte's sample, or the device's status
function store(PDO $database, array $data): void
{
    if (isset($data['sender'])) {
        $keys = ['device', 'sender', 'member', 'name', 'message', 'url'];
        $database->prepare('INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?)')
            ->execute(array_map(fn ($key) => $data[$key] ?? '', $keys));
        return;
    }
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
    $event = $_SERVER['HTTP_WEBHOOK_ID'] ?? hash('sha256', $body);
    $known = $database->prepare('SELECT 1 FROM seen WHERE webhook_id = ?');
    $known->execute([$event]);
    $reply = getenv('GATEWAY_URL') && !$known->fetch() ? reply_to($data) : '';
    $known->closeCursor();
    if ($reply !== '' && !send($data, $reply, $event)) {
        return 503; // it comes again
    }
    $database->exec('BEGIN IMMEDIATE');
    $seen = $database->prepare('INSERT OR IGNORE INTO seen (webhook_id, at) VALUES (?, ?)');
    $seen->execute([$event, time()]);
    if ($seen->rowCount() > 0) {
        store($database, $data);
    }
    $database->exec('COMMIT');
    return 200; // only now: whatever was not answered with 200 comes again
}

http_response_code($_SERVER['REQUEST_METHOD'] === 'POST' ? receive() : 405);
