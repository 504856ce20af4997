import { namesIn } from '../reading/fields.ts';
import type { LogFormat } from '../reading/log-format.ts';
import type { ApiLogRow } from './api-log-row.ts';
import { joinAnswers } from './join-answers.ts';
import type { RequestNames } from './request-fields.ts';

const withFactor = (factor: number | null, names: string) =>
  namesIn(names).map((name) => [name, factor] as const);

const names: RequestNames = {
  time: namesIn(`time timestamp ts @timestamp time_iso8601 time_local StartUTC start_time startTime
    date datetime msec requestTime`),
  method: namesIn(`method request_method requestMethod RequestMethod http_method httpMethod verb
    req.method request.method http.method http.request.method httpRequest.requestMethod`),
  path: namesIn(`request_uri uri path url RequestPath originalUrl req.url request.url request.uri
    request.path url.original url.path http.url httpRequest.requestUrl`),
  status: namesIn(`status status_code statusCode DownstreamStatus response_code code res.statusCode
    response.status response.statusCode http.status_code http.response.status_code
    httpRequest.status`),
  ip: namesIn(`client_ip clientIp remote_addr remote_ip remoteAddress remoteAddr ip ClientHost
    req.remoteAddress client.ip source.ip httpRequest.remoteIp sourceIp`),
  duration: [
    ...withFactor(1, 'responseTime response_time_ms duration_ms durationMs latency_ms elapsed_ms'),
    ...withFactor(1000, 'request_time response_time duration_s duration_seconds'),
    // Traefik writes nanoseconds.
    ...withFactor(1e-6, 'Duration'),
    ...withFactor(null, 'duration latency took latency_human httpRequest.latency'),
  ],
};

/** One JSON object per line, with the field names of common programs. */
export const json: LogFormat<ApiLogRow> = {
  name: 'json',
  writtenBy:
    'nginx with escape=json, Fastify, pino-http, Traefik, Echo, Google Cloud and other programs with JSON lines',
  example: [
    '{"level":30,"time":1773144000123,"req":{"method":"GET","url":"/a","remoteAddress":"::1"},"res":{"statusCode":200},"responseTime":12,"msg":"request completed"}',
    '{"ClientHost":"192.0.2.1","RequestMethod":"GET","RequestPath":"/a","DownstreamStatus":200,"Duration":12000000,"StartUTC":"2026-03-10T12:00:00.123Z"}',
    '{"time_iso8601":"2026-03-10T12:00:00+00:00","remote_addr":"192.0.2.1","request_method":"GET","request_uri":"/a","status":"200","request_time":"0.012"}',
  ],
  zone: 'sometimes named',
  reader: (reading) => joinAnswers(names, reading),
};
