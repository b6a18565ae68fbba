# frozen_string_literal: true

module Tracker
  MINUTE = 60
  YEAR = 365 * 24 * 60 * MINUTE

  # What a site may choose.
  Settings = Struct.new(:session_timeout, :visitor_lifetime, :skipped_paths, :skipped_endings, keyword_init: true) do
    def self.default
      new(session_timeout: 30 * MINUTE, visitor_lifetime: 2 * YEAR,
          skipped_paths: %w[/up /health /assets /cable].freeze,
          skipped_endings: %w[.js .css .map .png .jpg .svg .ico .woff2].freeze)
    end

    # Health checks and files are no visits.
    def skips?(path)
      path = path.downcase
      skipped_paths.any? { |start| path.start_with?(start) } || path.end_with?(*skipped_endings)
    end
  end
end
