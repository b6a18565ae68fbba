# frozen_string_literal: true

require "socket"
require_relative "site"

class OriginTest < Minitest::Test
  def test_all_five_campaign_parameters_are_captured
    query = "utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d&utm_content=e&page=2"
    assert_equal %w[a b c d e], origin("/?#{query}").values
  end

  def test_empty_and_nested_parameters_are_not = assert_empty(origin("/?utm_source=&utm_term[]=x"))

  def test_a_page_elsewhere_is_a_referrer
    assert_equal "https://search.example/", origin("/", "HTTP_REFERER" => "https://search.example/")["referrer"]
  end

  def test_our_own_pages_and_nonsense_are_not
    ["http://example.org/before", "no address at all"].each do |referrer|
      assert_empty origin("/", "HTTP_REFERER" => referrer)
    end
  end

  def origin(path, headers = {}) = Tracker::Origin.of(Rack::Request.new(Rack::MockRequest.env_for(path, headers)))
end

class CookiesTest < Minitest::Test
  def test_what_cannot_be_an_id_is_not_taken
    ["short", "x" * 129, "semi,colon-and-more", "two\nlines-of-text"].each { |value| assert_nil read(value) }
  end

  def test_an_id_is_taken_as_it_is = assert_equal("a" * 64, read("a" * 64))

  def test_the_session_ends_after_half_an_hour_and_the_visitor_after_two_years
    headers = {}
    Tracker::Cookies.write(headers, Tracker::Settings.default, "v" * 8, "s" * 8, true)
    visitor, session = headers["Set-Cookie"].lines
    assert_includes visitor, "max-age=63072000"
    assert_includes session, "max-age=1800"
    [visitor, session].each { |cookie| assert_match(/; secure; HttpOnly; SameSite=Lax/, cookie) }
  end

  def read(value)
    env = Rack::MockRequest.env_for("/", "HTTP_COOKIE" => "visitor_id=#{Rack::Utils.escape(value)}")
    Tracker::Cookies.read(Rack::Request.new(env), "visitor_id")
  end
end

class SenderTest < Minitest::Test
  def test_everything_that_waits_is_sent_before_the_end
    collector = TCPServer.new("127.0.0.1", 0)
    bodies = Thread.new { received(collector.accept, []) }
    sender = Tracker::Sender.new("http://127.0.0.1:#{collector.addr[1]}/events")
    250.times { |number| sender.later { { number: number } } }
    sender.close
    assert_equal (0...250).to_a, bodies.value.map { |event| event["number"] }
    assert_equal 0, sender.dropped
  end

  def test_a_collector_that_is_away_costs_events_and_nothing_else
    sender = Tracker::Sender.new("http://127.0.0.1:1/events")
    _, complaint = capture_io do
      sender.later { { number: 1 } }
      sender.close
    end
    assert_equal 1, sender.dropped
    assert_match(/1 events were lost/, complaint)
  end

  private

  def received(client, events)
    while client.gets
      length = 0
      while (line = client.gets) != "\r\n"
        length = line[/\d+/].to_i if line.start_with?("Content-Length")
      end
      events.concat(JSON.parse(client.read(length)))
      client.write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    end
    events
  end
end
