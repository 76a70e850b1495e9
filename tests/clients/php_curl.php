<?php // PHP's curl extension, as Fonnte's own samples use it: one handle for all calls, so connections are kept.
require __DIR__ . '/calls.php';

function body_of(array $call): string|array
{
    $fields = $call['fields'];
    return match ($call['form']) {
        'multipart' => isset($call['file'])
            ? $fields + ['file' => new CURLFile($call['file']['path'], '', $call['file']['name'])] : $fields,
        'urlencoded' => http_build_query($fields),
        'json' => json_encode($fields),
        'raw' => $call['body'],
        default => '',
    };
}

$curl = curl_init();
answer_calls(function (array $call) use ($curl): array {
    $headers = headers_of($call);
    if (isset($call['type'])) {
        $headers['Content-Type'] = $call['type'];
    } elseif ($call['form'] === 'json') {
        $headers['Content-Type'] = 'application/json';
    }
    $query = $call['form'] === 'query' ? '?' . http_build_query($call['fields']) : '';
    curl_reset($curl);
    curl_setopt_array($curl, [
        CURLOPT_URL => $call['url'] . $query,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CUSTOMREQUEST => $call['method'],
        CURLOPT_HTTPHEADER => array_map(fn ($name, $value) => "$name: $value", array_keys($headers), $headers),
    ]);
    if ($call['method'] === 'POST') {
        curl_setopt($curl, CURLOPT_POSTFIELDS, body_of($call));
    }
    $body = curl_exec($curl);
    if ($body === false) {
        throw new RuntimeException(curl_error($curl));
    }
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $body];
});
