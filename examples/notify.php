<?php
// Tells a customer about an order by merpati's own API, once: run again for the same order, nothing is sent twice.
//
//     GATEWAY_URL=http://127.0.0.1:8080 GATEWAY_KEY=mk_… DEVICE=1 php examples/notify.php A-1042 081234567890 'Pesanan dikirim'
//
// Needs PHP 8 with curl, and a key with the scopes messages:send and messages:read. Prints the message's id and state.

const TRIES = 5;

/** The answer's JSON. A lost connection, a busy server and "too many calls" are tried again, with the same key. */
function call(string $method, string $path, ?array $body = null, string $key = ''): array
{
    $headers = ['Authorization: Bearer ' . getenv('GATEWAY_KEY'), 'Content-Type: application/json'];
    if ($key !== '') {
        $headers[] = "Idempotency-Key: $key";
    }
    for ($attempt = 1; ; $attempt++) {
        $wait = 2 ** $attempt / 10;
        $curl = curl_init((getenv('GATEWAY_URL') ?: 'http://127.0.0.1:8080') . '/api/v1' . $path);
        curl_setopt_array($curl, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 30,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$wait): int {
                if (preg_match('/^retry-after:\s*(\d+)/i', $line, $found)) {
                    $wait = (int) $found[1];
                }
                return strlen($line);
            },
        ] + ($body === null ? [] : [CURLOPT_POSTFIELDS => json_encode($body)]));
        $text = curl_exec($curl);
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        if ($text !== false && $status !== 429 && $status < 500) {
            $answer = json_decode($text, true);
            if ($status >= 400) {
                throw new RuntimeException("{$answer['code']}: {$answer['detail']}");
            }
            return $answer;
        }
        if ($attempt === TRIES) {
            throw new RuntimeException($text === false ? curl_error($curl) : "HTTP $status");
        }
        usleep((int) ($wait * 1_000_000));
    }
}

[, $order, $target, $text] = $argv;
try {
    $message = ['device' => (int) getenv('DEVICE'), 'targets' => $target, 'text' => $text];
    $sent = call('POST', '/messages', $message, "order-$order");
    $id = $sent['items'][0]['id'];
    $now = call('GET', "/messages/$id");
    echo json_encode(['id' => $id, 'state' => $now['state']]) . "\n";
} catch (RuntimeException $fault) {
    fwrite(STDERR, $fault->getMessage() . "\n");
    exit(1);
}
