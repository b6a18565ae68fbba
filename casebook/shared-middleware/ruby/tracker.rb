# frozen_string_literal: true

# Tells a site's visitors and their sessions apart. A visitor is a browser, known by a cookie of two years; a session is
# a stay, known by a cookie that ends after half an hour without a request. The application finds both ids, and where
# the visit came from, in the Rack environment; of each session that begins an event is sent.
module Tracker
  VISITOR_KEY = "tracker.visitor_id"
  SESSION_KEY = "tracker.session_id"
  ORIGIN_KEY = "tracker.origin"
end

require_relative "tracker/cookies"
require_relative "tracker/origin"
require_relative "tracker/sender"
require_relative "tracker/settings"
