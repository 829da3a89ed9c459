// A client of autobahn-cpp. See ../client.ts for what each of these programs does.
#include <autobahn/autobahn.hpp>
#include <autobahn/wamp_websocketpp_websocket_transport.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

typedef websocketpp::client<websocketpp::config::asio_client> socket_client;
typedef autobahn::wamp_websocketpp_websocket_transport<websocketpp::config::asio_client> transport;
typedef std::vector<msgpack::object> values;
typedef std::map<std::string, msgpack::object> named_values;

class session : public autobahn::wamp_session {
public:
    using autobahn::wamp_session::wamp_session;

    boost::future<autobahn::wamp_authenticate> on_challenge(const autobahn::wamp_challenge& challenge) override {
        if (challenge.authmethod() == "ticket") return boost::make_ready_future(autobahn::wamp_authenticate("let me in"));
        return boost::make_ready_future(autobahn::wamp_authenticate(compute_wcs("123456", challenge.challenge())));
    }
};

int main(int argc, char** argv) {
    const std::string url = argv[1], method = argv[3];
    boost::asio::io_service io;
    socket_client client;
    client.clear_access_channels(websocketpp::log::alevel::all);
    client.clear_error_channels(websocketpp::log::elevel::all);
    client.init_asio(&io);
    auto wire = std::make_shared<transport>(client, url);
    auto wamp = std::make_shared<session>(io);
    wire->attach(std::static_pointer_cast<autobahn::wamp_transport_handler>(wamp));
    // Futures are awaited in this thread, and answered in another.
    boost::asio::io_service::work work(io);
    std::thread loop([&io]() { io.run(); });

    wire->connect().get();
    wamp->start().get();
    const std::vector<std::string> methods = method == "anonymous" ? std::vector<std::string>() : std::vector<std::string>{method};
    wamp->join("realm1", methods, method == "anonymous" ? "" : "joe").get();
    wamp->provide("com.client.echo", [](autobahn::wamp_invocation invocation) {
        invocation->result(invocation->arguments<values>(), invocation->kw_arguments<named_values>());
    }).get();
    wamp->subscribe("com.client.news", [wamp](const autobahn::wamp_event& event) {
        wamp->publish("com.client.heard", event.arguments<values>(), event.kw_arguments<named_values>());
    }).get();
    auto result = wamp->call("com.app.greet", std::vector<std::string>{"Grüße"}).get();
    wamp->publish("com.client.result", std::vector<std::string>{result.argument<std::string>(0)}).get();
    loop.join();
}
