/* Frames of the protocol (PROTOCOL.md): a 12-byte header, little-endian, and a payload. */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum {
  PROTOCOL_LOWEST = 1,
  PROTOCOL_HIGHEST = 2,
  FRAME_HEADER = 12,
  FRAME_MAX_FROM_HOST = 1 << 20,
  FRAME_MAX_TO_HOST = 64 << 10,
  FRAME_LONGEST_SECRET = (64 << 10) + 512,
};

enum frame_type {
  HOST_HELLO = 0x01,
  HOST_SPAWN = 0x02,
  HOST_DATA = 0x03,
  HOST_END = 0x04,
  HOST_WINDOW = 0x05,
  HOST_KILL = 0x06,
  HOST_EXTEND = 0x07,
  HOST_PING = 0x08,
  HOST_ACK = 0x09,
  HOST_BYE = 0x0a,
  HOST_RESIZE = 0x0b,
  HOST_SECRET = 0x10,
  HOST_ATTACH = 0x0c,
  HOST_LIST = 0x0d,
  HOST_FORGET = 0x0e,
  HOST_LEASE = 0x0f,
  HOST_LEAVE = 0x11,
  OUR_HELLO = 0x81,
  OUR_STARTED = 0x82,
  OUR_FAILED = 0x83,
  OUR_DATA = 0x84,
  OUR_END = 0x85,
  OUR_WINDOW = 0x86,
  OUR_STDIN_CLOSED = 0x87,
  OUR_EXIT = 0x88,
  OUR_KILLED = 0x89,
  OUR_PONG = 0x8a,
  OUR_ERROR = 0x8b,
  OUR_RESUMED = 0x8c,
  OUR_GONE = 0x8d,
  OUR_ACK = 0x8e,
  OUR_SECRET = 0x92,
  OUR_ATTACHED = 0x8f,
  OUR_LISTED = 0x90,
  OUR_FORGOTTEN = 0x91,
  OUR_SKIPPED = 0x93,
  OUR_LEFT = 0x94,
};

enum error_code {
  ERROR_TOO_LONG = 1,
  ERROR_UNKNOWN_TYPE = 2,
  ERROR_UNKNOWN_COMMAND = 3,
  ERROR_TORN = 4,
  ERROR_MALFORMED = 5,
  ERROR_VERSION = 6,
  ERROR_WINDOW = 7,
  ERROR_ORDER = 8,
  ERROR_NUMBER_IN_USE = 9,
};

enum failure_stage {
  STAGE_FORK = 1,
  STAGE_USER = 2,
  STAGE_FOLDER = 3,
  STAGE_LIMITS = 4,
  STAGE_EXEC = 5,
  STAGE_REQUEST = 6,
  STAGE_TERMINAL = 7,
  STAGE_SECRETS = 14,
  STAGE_ATTACH = 8,
};

enum exit_cause {
  CAUSE_ITSELF = 0,
  CAUSE_KILLED = 1,
  CAUSE_ABORTED = 2,
  CAUSE_TIMEOUT = 3,
  CAUSE_CONNECTION_LOST = 4,
  CAUSE_SUPERVISOR_ENDED = 5,
  CAUSE_IDLE_TIMEOUT = 6,
  CAUSE_LEASE = 7,
};

struct frame {
  uint8_t type;
  uint8_t channel;
  uint32_t command;
  uint32_t length;
};

static inline uint16_t get_u16(const uint8_t *p) { return (uint16_t)(p[0] | (uint16_t)(p[1] << 8)); }

static inline uint32_t get_u32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t get_u64(const uint8_t *p) {
  return (uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

static inline void put_u16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)v;
  p[1] = (uint8_t)(v >> 8);
}

static inline void put_u32(uint8_t *p, uint32_t v) {
  put_u16(p, (uint16_t)v);
  put_u16(p + 2, (uint16_t)(v >> 16));
}

static inline void put_u64(uint8_t *p, uint64_t v) {
  put_u32(p, (uint32_t)v);
  put_u32(p + 4, (uint32_t)(v >> 32));
}

struct frame frame_decode(const uint8_t header[FRAME_HEADER]);
void frame_encode(uint8_t header[FRAME_HEADER], struct frame frame);

/* Its command is a number that the host takes into use with it. */
bool frame_takes_number(uint8_t type);

/* What is wrong with a frame from the host, 0 when nothing is: known before its payload has come. */
enum error_code frame_fault(struct frame frame);

#endif
