/** encke's transports: what a table calls them, and what they are exported as. */
export const transports = {
  "encke, WebSocket": "webSocket",
  "encke, fetch stream": "fetchStream",
  "encke, event stream": "eventSource",
  "encke, hidden frame": "iframeStream",
  "encke, polling": "xhrPoll",
};
