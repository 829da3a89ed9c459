import type { Setting } from './setting.ts'

type Check = (setting: Setting) => void

const flag: Check = (setting) => { setting.flag() }
const count: Check = (setting) => { setting.integer(0) }
const milliseconds: Check = (setting) => { if (setting.integer(0) !== 0) setting.integer(1000) }

/** The unsupported WebSocket options. Invalid values still cause an error. */
export const tuning: ReadonlyMap<string, Check> = new Map([
  ['external_port', count],
  ['enable_hybi10', flag],
  ['enable_rfc6455', flag],
  // This is the timeout of WebSocket's opening handshake. As the timeout of WAMP's handshake it would be too short for clients that ask for
  // a password.
  ['open_handshake_timeout', milliseconds],
  ['close_handshake_timeout', milliseconds],
  ['enable_webstatus', flag],
  ['validate_utf8', flag],
  ['mask_server_frames', flag],
  ['require_masked_client_frames', flag],
  ['apply_mask', flag],
  ['max_frame_size', count],
  ['auto_fragment_size', count],
  ['fail_by_drop', flag],
  ['echo_close_codereason', flag],
  ['tcp_nodelay', flag],
  ['auto_ping_interval', milliseconds],
  ['auto_ping_timeout', milliseconds],
  ['auto_ping_size', (setting) => { setting.integer(12, 125) }],
  ['auto_ping_restart_on_any_traffic', flag],
  ['enable_flash_policy', flag],
  ['flash_policy', () => {}],
  ['compression', (setting) => { setting.map() }],
  ['show_server_version', flag]
])
