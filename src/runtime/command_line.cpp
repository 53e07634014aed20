#include "stockroom/runtime/command_line.hpp"

#include <cctype>
#include <exception>
#include <iostream>
#include <map>
#include <span>
#include <sstream>
#include <string>

#include "stockroom/runtime/redact.hpp"

namespace stockroom::runtime {

namespace {

std::string environment_name(std::string_view long_name) {
    std::string name = "STOCKROOM_";
    for (const char c : long_name)
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

/// "--store-url or --bus-url": what the command that was named takes a URL by.
std::string url_flags(CLI::App& app) {
    CLI::App& command = app.get_subcommands().empty() ? app : *app.get_subcommands().front();
    std::string flags;
    for (const CLI::Option* option : command.get_options())
        for (const std::string& name : option->get_lnames())
            if (name.ends_with("url")) flags += (flags.empty() ? "--" : " or --") + name;
    return flags;
}

/// What CLI11 says of wrong usage, without the passwords that it cites.
std::string explain(CLI::App& app, const CLI::ParseError& stopped,
                    std::span<const char* const> arguments) {
    std::ostringstream text;
    std::ostringstream nowhere;
    static_cast<void>(app.exit(stopped, nowhere, text));
    std::string message = text.str();
    if (dynamic_cast<const CLI::ExtrasError*>(&stopped) != nullptr &&
        message.find("://") != std::string::npos) {
        if (const std::string flags = url_flags(app); !flags.empty())
            message += "A URL is given by " + flags + ".\n";
    }
    for (const std::string_view argument : arguments)
        message = redact_in(std::move(message), argument);
    return redact_words(message);
}

}  // namespace

std::string_view version() {
    return STOCKROOM_VERSION;
}

void bind_environment(CLI::App& command) {
    for (CLI::Option* option : command.get_options()) {
        if (option == command.get_help_ptr() || option == command.get_version_ptr()) continue;
        if (option->get_lnames().empty()) continue;
        option->envname(environment_name(option->get_lnames().front()));
    }
}

void add_log_level(CLI::App& command, telemetry::LogLevel& level) {
    using telemetry::LogLevel;
    static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::debug},
                                                        {"info", LogLevel::info},
                                                        {"warning", LogLevel::warning},
                                                        {"error", LogLevel::error}};
    std::string by_default;
    for (const auto& [name, value] : levels)
        if (value == level) by_default = name;
    command
        .add_option_function<std::string>(
            "--log-level", [&level](const std::string& name) { level = levels.at(name); },
            "The least level that is logged: debug, info, warning or error")
        ->check([](const std::string& name) {
            return levels.contains(name) ? std::string()
                                         : "must be debug, info, warning or error, not " + name;
        })
        ->type_name("LEVEL")
        ->default_str(by_default);
}

int run_command_line(CLI::App& app, int argc, const char* const* argv, const int& exit_code) {
    try {
        app.parse(argc, argv);
        return exit_code;
    } catch (const CLI::ParseError& stopped) {
        if (stopped.get_exit_code() == 0) return app.exit(stopped);
        std::cerr << explain(app, stopped, {argv, static_cast<std::size_t>(argc)});
        return kExitUsage;
    } catch (const std::exception& failure) {
        return refuse(app.get_name(), kExitFailed, failure.what());
    }
}

int refuse(std::string_view program, int exit_code, const std::string& why) {
    std::cerr << program << ": " << redact_words(why) << '\n';
    return exit_code;
}

}  // namespace stockroom::runtime
