<?php // Laravel's HTTP client, as its applications use it (`Http::…`).
require __DIR__ . '/calls.php';
require 'GuzzleHttp/autoload.php';
require 'Illuminate/Http/autoload.php';

use Illuminate\Http\Client\Factory;
use Illuminate\Http\Client\PendingRequest;
use Illuminate\Http\Client\Response;

function send(PendingRequest $http, array $call): Response
{
    [$url, $fields] = [$call['url'], $call['fields']];
    if (isset($call['file'])) {
        $http = $http->attach('file', fopen($call['file']['path'], 'r'), $call['file']['name']);
    }
    return match ($call['form']) {
        'multipart' => $http->asMultipart()->post($url, array_map(
            fn ($value) => is_bool($value) ? (int) $value : $value, $fields
        )),
        'urlencoded' => $http->asForm()->post($url, $fields),
        'json' => $http->post($url, $fields),
        'query' => $http->get($url, $fields),
        'raw' => $http->withBody($call['body'], $call['type'])->post($url),
        default => $http->send($call['method'], $url),
    };
}

$factory = new Factory();
answer_calls(function (array $call) use ($factory): array {
    $answer = send($factory->withHeaders(headers_of($call)), $call);
    return [$answer->status(), $answer->body()];
});
