"""What other sites show of an appeal: the frame and the script that makes it, badge, oEmbed, feed, stream overlay. All
of it comes from one function (`showing.find`); nothing here takes a gift, sets a cookie or knows who looks."""
