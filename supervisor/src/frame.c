#include "frame.h"

struct frame frame_decode(const uint8_t header[FRAME_HEADER]) {
  return (struct frame){
      .type = header[0],
      .channel = header[1],
      .command = get_u32(header + 4),
      .length = get_u32(header + 8),
  };
}

void frame_encode(uint8_t header[FRAME_HEADER], struct frame frame) {
  header[0] = frame.type;
  header[1] = frame.channel;
  put_u16(header + 2, 0);
  put_u32(header + 4, frame.command);
  put_u32(header + 8, frame.length);
}

static bool channel_fits(struct frame frame) {
  if (frame.type == HOST_WINDOW) return frame.channel >= 1 && frame.channel <= 3;
  return frame.channel == 0;
}

static bool length_fits(struct frame frame) {
  switch (frame.type) {
    case HOST_END:
    case HOST_LIST:
    case HOST_LEAVE:
    case HOST_BYE: return frame.length == 0;
    case HOST_WINDOW: return frame.length == 16;
    case HOST_KILL: return frame.length == 9;
    case HOST_RESIZE: return frame.length == 4;
    case HOST_EXTEND:
    case HOST_ACK:
    case HOST_PING: return frame.length == 8;
    case HOST_SECRET: return frame.length <= FRAME_LONGEST_SECRET;
    default: return true;
  }
}

static bool is_of_the_connection(uint8_t type) {
  return type == HOST_HELLO || type == HOST_PING || type == HOST_ACK || type == HOST_BYE || type == HOST_LEASE;
}

static bool is_known(uint8_t type) {
  return type >= HOST_HELLO && type <= HOST_LEAVE;
}

bool frame_takes_number(uint8_t type) {
  return type == HOST_SPAWN || (type >= HOST_ATTACH && type <= HOST_FORGET);
}

enum error_code frame_fault(struct frame frame) {
  if (!is_known(frame.type)) return ERROR_UNKNOWN_TYPE;
  if (frame.length > FRAME_MAX_FROM_HOST) return ERROR_TOO_LONG;
  if (!channel_fits(frame) || !length_fits(frame)) return ERROR_MALFORMED;
  if (frame.type == HOST_SECRET) return 0; /* of both */
  if (is_of_the_connection(frame.type) != (frame.command == 0)) return ERROR_MALFORMED;
  return 0;
}
