<?php // The calls of cases.json that PHP's clients make, read from stdin; what was answered goes to stdout.

function headers_of(array $call): array
{
    return $call['headers'] + ($call['token'] === '' ? [] : [$call['header'] => $call['token']]);
}

/** `$send` takes a call, answers status and body. */
function answer_calls(callable $send): void
{
    $answers = [];
    foreach (json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR) as $call) {
        [$status, $body] = $send($call);
        $answers[$call['name']] = ['status' => $status, 'body' => $body];
    }
    echo json_encode($answers, JSON_THROW_ON_ERROR);
}
