<?php
// Fetches what happens in an account, and forgets nothing when it is killed: the server keeps how far it is.
//
//     GATEWAY_URL=http://127.0.0.1:8080 GATEWAY_KEY=mk_… php examples/events.php warehouse
//
// Needs PHP 8 with curl, and a key with the scope events:read. Prints a line for each event, as JSON.

function call(string $method, string $path, ?array $body = null): array
{
    $curl = curl_init((getenv('GATEWAY_URL') ?: 'http://127.0.0.1:8080') . '/api/v1' . $path);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 60,
        CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('GATEWAY_KEY'), 'Content-Type: application/json'],
    ] + ($body === null ? [] : [CURLOPT_POSTFIELDS => json_encode($body)]));
    $text = curl_exec($curl);
    if ($text === false) {
        throw new RuntimeException(curl_error($curl));
    }
    $answer = json_decode($text, true);
    if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) >= 400) {
        throw new RuntimeException("{$answer['code']}: {$answer['detail']}");
    }
    return $answer;
}

$path = '/consumers/' . rawurlencode($argv[1] ?? 'warehouse');
while (true) {
    try {
        ['items' => $items, 'upto' => $upto, 'lost' => $lost] = call('GET', "$path/events?limit=100&wait=25");
        if ($lost) {
            fwrite(STDERR, "lost: {$lost['first']} to {$lost['last']}\n");
        }
        foreach ($items as $event) {
            echo json_encode($event) . "\n";
        }
        // only what is done with is acknowledged: after a crash the same events come again
        if ($items || $lost) {
            call('POST', "$path/ack", ['seq' => $upto]);
        }
    } catch (RuntimeException $fault) {
        fwrite(STDERR, $fault->getMessage() . "\n");
        sleep(1);
    }
}
