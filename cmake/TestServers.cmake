# The servers that tests need: a RabbitMQ node and a PostgreSQL cluster of this build folder's own.
# A test that says SERVERS (stockroom_test, stockroom_pytest) requires ctest's fixture `servers`, which
# tests/servers starts before it and stops after the last, and is told where they are by
#   STOCKROOM_TEST_AMQP_URL        a RabbitMQ user that may do everything; virtual host `stockroom`
#   STOCKROOM_TEST_MANAGEMENT_URL  the management API, with the same user in it
#   STOCKROOM_TEST_POSTGRES_URL    a superuser
#   STOCKROOM_TEST_AMQPS_URL       the first one by TLS
#   STOCKROOM_TEST_CA_FILE         who has signed the certificate there
# All tests share them, and several run at once: a test makes a virtual host and a database for itself.
# Ports and passwords are chosen once per build folder, here, so that the variables are known.
execute_process(
    COMMAND ${STOCKROOM_PYTHON} ${CMAKE_SOURCE_DIR}/tests/servers/servers.py
        configure ${CMAKE_BINARY_DIR}/servers
    OUTPUT_VARIABLE urls OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
list(GET urls 0 amqp_url)
list(GET urls 1 management_url)
list(GET urls 2 postgres_url)
list(GET urls 3 amqps_url)
list(GET urls 4 ca_file)
set(stockroom_servers_environment
    STOCKROOM_TEST_AMQP_URL=${amqp_url}
    STOCKROOM_TEST_MANAGEMENT_URL=${management_url}
    STOCKROOM_TEST_POSTGRES_URL=${postgres_url}
    STOCKROOM_TEST_AMQPS_URL=${amqps_url}
    STOCKROOM_TEST_CA_FILE=${ca_file})
