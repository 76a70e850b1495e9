<?php
// Fonnte's sample for sending, with the base URL and the token taken from the environment. Nothing else changed.
//
//     GATEWAY_URL=http://127.0.0.1:8080 GATEWAY_TOKEN=… php examples/send.php 081234567890 'test ya'
//
// With REPORTS=reports.db the answer is kept in the table that receiver.php and receiver.py bring up to date.

[$script, $target, $message] = $argv + [1 => '081234567890', 2 => 'test ya'];
$attachment = array_filter(['url' => getenv('ATTACHMENT_URL'), 'filename' => getenv('ATTACHMENT_NAME')]);

$curl = curl_init();
curl_setopt_array($curl, array(
  CURLOPT_URL => (getenv('GATEWAY_URL') ?: 'http://127.0.0.1:8080') . '/send',
  CURLOPT_RETURNTRANSFER => true,
  CURLOPT_TIMEOUT => 30,
  CURLOPT_CUSTOMREQUEST => 'POST',
  CURLOPT_POSTFIELDS => array('target' => $target, 'message' => $message) + $attachment,
  CURLOPT_HTTPHEADER => array(
    'Authorization: ' . getenv('GATEWAY_TOKEN')
  ),
));
$response = curl_exec($curl);
if ($response === false) {
  fwrite(STDERR, curl_error($curl) . "\n");
  exit(1);
}
echo $response . "\n";

$res = json_decode($response, true);
if (!$res['status']) {
  exit(1);
}
if (getenv('REPORTS')) {
  $database = new PDO('sqlite:' . getenv('REPORTS'));
  $database->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
  $database->exec('PRAGMA busy_timeout = 5000');
  // the same table as the receivers': whoever comes first makes it
  $database->exec('CREATE TABLE IF NOT EXISTS report (
    id INTEGER UNIQUE, device TEXT, target TEXT, message TEXT, status TEXT, state TEXT, stateid TEXT UNIQUE
  )');
  // the first status may have come before this row: then it stays
  $insert = $database->prepare('INSERT INTO report (id, target, message, status) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET target = excluded.target, message = excluded.message');
  foreach ($res['id'] as $k => $v) {
    $insert->execute([$v, $res['target'][$k], $message, $res['process']]);
  }
}
