<?php // Guzzle, as packages for PHP use it.
require __DIR__ . '/calls.php';
require getenv('GUZZLE') ?: 'GuzzleHttp/autoload.php';

function parts_of(array $call): array
{
    $parts = [];
    foreach ($call['fields'] as $name => $value) {
        $parts[] = ['name' => $name, 'contents' => is_bool($value) ? var_export($value, true) : $value];
    }
    if (isset($call['file'])) {
        $file = ['contents' => fopen($call['file']['path'], 'r'), 'filename' => $call['file']['name']];
        $parts[] = ['name' => 'file'] + $file;
    }
    return $parts;
}

function options_of(array $call): array
{
    return match ($call['form']) {
        'multipart' => ['multipart' => parts_of($call)],
        'urlencoded' => ['form_params' => $call['fields']],
        'json' => ['json' => $call['fields']],
        'query' => ['query' => $call['fields']],
        'raw' => ['body' => $call['body']],
        default => [],
    };
}

$client = new GuzzleHttp\Client(['http_errors' => false]);
answer_calls(function (array $call) use ($client): array {
    $headers = headers_of($call) + (isset($call['type']) ? ['Content-Type' => $call['type']] : []);
    $expect = isset($call['headers']['Expect']) ? ['expect' => true] : [];
    $answer = $client->request($call['method'], $call['url'], ['headers' => $headers] + $expect + options_of($call));
    return [$answer->getStatusCode(), (string) $answer->getBody()];
});
