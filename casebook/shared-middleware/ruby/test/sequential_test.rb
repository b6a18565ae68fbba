# frozen_string_literal: true

require_relative "site"

# The tests that came with the first mending. Each sends one request after the other.
module SequentialTests
  def site = @site ||= Site.new(middleware)

  def test_a_new_visitor_gets_two_ids
    answer = site.get
    assert_match(/\A\h{64}\z/, answer.cookies["visitor_id"])
    assert_match(/\A\h{64}\z/, answer.cookies["session_id"])
    refute_equal answer.cookies["visitor_id"], answer.cookies["session_id"]
  end

  def test_the_application_sees_the_ids_that_the_cookies_carry
    answer = site.get
    assert_equal answer.cookies, answer.page.slice("visitor_id", "session_id")
  end

  def test_a_visitor_who_comes_back_keeps_both_ids
    first = site.get
    assert_equal first.cookies, site.get("/", first.cookies).cookies
  end

  def test_two_new_visitors_in_turn_get_different_ids
    first, second = site.get, site.get
    refute_equal first.cookies["visitor_id"], second.cookies["visitor_id"]
    refute_equal first.cookies["session_id"], second.cookies["session_id"]
  end

  def test_known_visitors_in_turn_keep_their_own_ids
    first, second = cookies_of("anna"), cookies_of("bert")
    assert_equal first, site.get("/", first).cookies
    assert_equal second, site.get("/", second).cookies
    assert_equal first, site.get("/", first).cookies
  end

  def test_a_visitor_whose_session_has_ended_gets_a_new_one
    site.get("/", cookies_of("anna"))
    answer = site.get("/", cookies_of("anna").slice("visitor_id"))
    assert_equal "visitor-of-anna", answer.cookies["visitor_id"]
    refute_equal "session-of-anna", answer.cookies["session_id"]
  end

  def test_the_campaign_of_one_visit_is_not_that_of_the_next
    assert_equal "spring", site.get("/?utm_campaign=spring").page["campaign"]
    assert_nil site.get.page["campaign"]
  end

  def test_a_session_that_begins_is_announced_with_its_own_ids
    answer = site.get("/?utm_source=mail&utm_campaign=spring")
    event = site.outbox.events.fetch(0)
    assert_equal answer.cookies, { "visitor_id" => event[:visitor_id], "session_id" => event[:session_id] }
    assert_equal %w[mail spring], event.values_at("utm_source", "utm_campaign")
  end

  def test_a_session_that_goes_on_is_not_announced
    site.get("/", cookies_of("anna"))
    assert_empty site.outbox.events
  end

  def test_health_checks_and_files_are_no_visits
    ["/up", "/assets/site.js", "/logo.PNG"].each { |path| assert_empty site.get(path).cookies }
    assert_empty site.outbox.events
  end

  def cookies_of(name) = { "visitor_id" => "visitor-of-#{name}", "session_id" => "session-of-#{name}" }
end

class FirstFixInTurnTest < Minitest::Test
  include SequentialTests
  def middleware = Tracker::FirstFix
end

class MendedInTurnTest < Minitest::Test
  include SequentialTests
  def middleware = Tracker::Mended
end

# What the first mending was made for: some of these tests fail without it.
class BrokenInTurnTest < Minitest::Test
  WHAT_FAILS = %w[
    test_a_visitor_whose_session_has_ended_gets_a_new_one
    test_known_visitors_in_turn_keep_their_own_ids
    test_the_campaign_of_one_visit_is_not_that_of_the_next
    test_two_new_visitors_in_turn_get_different_ids
  ].freeze

  def test_these_fail_without_the_first_mending
    broken = Class.new(Minitest::Test) do
      include SequentialTests
      def middleware = Tracker::Broken
    end
    Minitest::Runnable.runnables.delete(broken)
    tests = SequentialTests.instance_methods.grep(/\Atest_/).sort
    assert_equal WHAT_FAILS, (tests.reject { |test| broken.new(test).run.passed? }.map(&:to_s))
  end
end
