"""The fixture `servers` is there, and is what it says."""

import json
import os
import subprocess
import urllib.parse

import pika


def test_the_broker_takes_and_gives_a_message():
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["STOCKROOM_TEST_AMQP_URL"]))
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"hello", mandatory=True)
    assert channel.basic_get(queue, auto_ack=True)[2] == b"hello"
    connection.close()


def test_the_broker_has_no_guest_and_the_management_url_may_list_the_users():
    url = urllib.parse.urlsplit(os.environ["STOCKROOM_TEST_MANAGEMENT_URL"])
    done = subprocess.run(["curl", "-sf", f"{url.geturl()}/api/users"], capture_output=True,
                          text=True, check=True)
    assert [user["name"] for user in json.loads(done.stdout)] == [url.username]


def test_the_store_s_user_is_a_superuser():
    done = subprocess.run(["psql", "-X", "-At", os.environ["STOCKROOM_TEST_POSTGRES_URL"],
                           "-c", "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"],
                          capture_output=True, text=True, check=True)
    assert done.stdout == "t\n"
